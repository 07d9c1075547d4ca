EXTRA_DIST += scripts/bench scripts/common.sh scripts/lint scripts/quickstart scripts/test

TESTS += scripts/check-tree scripts/include-check
EXTRA_DIST += scripts/check-tree scripts/include-check
