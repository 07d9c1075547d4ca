EXTRA_DIST += scripts/bench scripts/common.sh scripts/lint scripts/quickstart scripts/test
