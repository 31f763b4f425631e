package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	for only, want := range map[string][]string{
		"":                {"dispatch", "resolve", "allocate", "rest", "startup", "sessions", "guesses", "timing", "memory", "lobby", "rows", "fill"},
		"rest":            {"rest"},
		"startup,resolve": {"resolve", "startup"}, // always in the same order
	} {
		chosen, err := choose(only)
		got := make([]string, len(chosen))
		for i, f := range chosen {
			got[i] = f.name
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("-only %q: %v, %v; want %v", only, got, err, want)
		}
	}
	if _, err := choose("rest,nonsense"); err == nil || !strings.Contains(err.Error(), `"nonsense"`) {
		t.Errorf("an unknown figure: %v", err)
	}
}

func TestFaultsOfUse(t *testing.T) {
	t.Setenv("TEST_DATABASE_URL", "")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no database":  {nil, "TEST_DATABASE_URL"},
		"too few PINs": {[]string{"-pins", "10"}, "-pins"},
		"no time":      {[]string{"-seconds", "0"}, "-seconds"},
		"no such peer": {[]string{"-peer", "nonsense"}, "nonsense"},
	} {
		var out bytes.Buffer
		if err := run(t.Context(), c.args, &out); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMemoryOf(t *testing.T) {
	t.Parallel()
	used, err := memoryOf(os.Getpid())
	if err != nil || used.anonymous <= 0 || used.resident <= used.anonymous || used.resident > 1<<40 {
		t.Errorf("memory of this process: %+v, %v", used, err)
	}
}

func TestSlipOf(t *testing.T) {
	t.Parallel()
	for pin, want := range map[string]string{"0123456789": "0123456780", "0000": "0001"} {
		if got := slipOf(pin); got != want {
			t.Errorf("slip of %s: %s, want %s", pin, got, want)
		}
	}
}

func TestCriticalDistance(t *testing.T) {
	t.Parallel()
	// Tables of the test give 1.628 times the root for one chance in a hundred.
	if got := criticalDistance(100, 400); got < 1.627*0.1118 || got > 1.629*0.1119 {
		t.Errorf("critical distance %v", got)
	}
}

func TestBirthdays(t *testing.T) {
	t.Parallel()
	expected, deviation := birthdays([]int{1000, 1000}, 5000)
	if expected != 200 || deviation < 14.1 || deviation > 14.2 {
		t.Errorf("%v, %v", expected, deviation)
	}
}
