package operator

import (
	"strings"
	"testing"
)

// TestSimulateSaysWhyNot: where LiveKit has rules there is nobody to ask.
func TestSimulateSaysWhyNot(t *testing.T) {
	t.Parallel()
	c := &Connection{}
	c.settings.DispatchMode = "rules"
	command := c.callSimulate()
	command.SetArgs([]string{"--to", "+33123456789"})
	command.SilenceErrors, command.SilenceUsage = true, true
	if err := command.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), "DISPATCH_MODE=rules") {
		t.Errorf("error %v", err)
	}
}
