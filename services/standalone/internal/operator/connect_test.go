package operator

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestSocket looks for the server where the server's own settings put its socket.
func TestSocket(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"default":         {nil, filepath.Join("data", "operator.sock")},
		"DATA_DIR":        {map[string]string{"DATA_DIR": dir}, filepath.Join(dir, "operator.sock")},
		"OPERATOR_SOCKET": {map[string]string{"DATA_DIR": dir, "OPERATOR_SOCKET": "/nowhere/o.sock"}, "/nowhere/o.sock"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(dir)
			for key, value := range c.env {
				t.Setenv(key, value)
			}
			root := &cobra.Command{Use: "parley", SilenceErrors: true, SilenceUsage: true}
			root.AddCommand(NewCommands()...)
			root.SetArgs([]string{"trunk", "list"})
			err := root.Execute()
			if err == nil || !strings.Contains(err.Error(), "OPERATOR_SOCKET="+c.want+" ") {
				t.Errorf("got %v, want that no suite runs at %s", err, c.want)
			}
		})
	}
}
