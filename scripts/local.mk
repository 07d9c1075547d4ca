EXTRA_DIST += scripts/common.sh scripts/lint scripts/quickstart scripts/test
