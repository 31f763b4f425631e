//go:build race

package contract

// raceEnabled makes the binaries under test be built as the tests are.
const raceEnabled = true
