TESTS += scripts/include-check
EXTRA_DIST += scripts/bench scripts/common.sh scripts/include-check scripts/lint scripts/quickstart scripts/test
