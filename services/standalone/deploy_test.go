package standalone

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestMetricsOfDashboardExist: what deploy/grafana asks for is what a process offers.
func TestMetricsOfDashboardExist(t *testing.T) {
	offered := map[string]bool{"up": true}
	offer(t, offered)
	offer(t, offered, "DISPATCH_MODE=rules")
	wanted := regexp.MustCompile(`\b(?:parley|grpc|go|process)_[a-z_]+[a-z]\b`)
	for _, file := range []string{"parley.json", "alerts.yaml"} {
		text, err := os.ReadFile("../../deploy/grafana/" + file)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, name := range wanted.FindAllString(string(text), -1) {
			if strings.HasPrefix(name, "grpc_") && (name == "grpc_code" || name == "grpc_method" || name == "grpc_service") {
				continue // labels
			}
			if found++; !offered[name] {
				t.Errorf("%s asks for %s, which no process offers", file, name)
			}
		}
		if found < 10 {
			t.Errorf("%s asks for %d metrics only", file, found)
		}
	}
}

// offer adds the metrics of a process with these settings.
func offer(t *testing.T, offered map[string]bool, settings ...string) {
	t.Helper()
	s, err := newSuite(t.Context(), append(settings, "DATA_DIR="+t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	s.assemble(io.Discard)
	descriptions := make(chan *prometheus.Desc)
	go func() {
		defer close(descriptions)
		s.process.Registry.Describe(descriptions)
	}()
	for d := range descriptions {
		name := regexp.MustCompile(`fqName: "([^"]+)"`).FindStringSubmatch(d.String())[1]
		for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
			offered[name+suffix] = true
		}
	}
}
