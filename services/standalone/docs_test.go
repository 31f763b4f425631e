package standalone

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/parleymeet/parley/services/auth"
	"github.com/parleymeet/parley/services/gateway"
	"github.com/parleymeet/parley/services/internal/serve"
	"github.com/parleymeet/parley/services/room"
	"github.com/parleymeet/parley/services/telephony"
	"github.com/parleymeet/parley/services/token"
)

// settingNames returns the variables that a configuration reads.
func settingNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		switch {
		case name != "":
			names = append(names, name)
		case field.Type.Kind() == reflect.Struct:
			names = append(names, settingNames(field.Type)...)
		}
	}
	return names
}

func TestEverySettingIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []any{serve.Config{}, ownConfig{}, auth.Config{}, room.Config{}, telephony.Config{}, token.Config{}, gateway.Config{}} {
		names := settingNames(reflect.TypeOf(cfg))
		if len(names) == 0 {
			t.Errorf("%T has no settings", cfg)
		}
		for _, name := range names {
			if !strings.Contains(string(page), "`"+name+"`") {
				t.Errorf("docs/operations.md does not mention %s", name)
			}
		}
	}
}

func TestFaultsOfAllServicesAreToldOnce(t *testing.T) {
	_, err := load([]string{"DATA_DIR=" + t.TempDir(), "DATABASE_URL=mysql://x", "PIN_LENGTH=3", "LOG_FORMAT=xml"})
	if err == nil {
		t.Fatal("wrong settings were taken")
	}
	for _, want := range []string{"DATABASE_URL must be", "PIN_LENGTH", "LOG_FORMAT must be"} {
		if got := strings.Count(err.Error(), want); got != 1 {
			t.Errorf("%q is told %d times in:\n%v", want, got, err)
		}
	}
}

func TestDefaultsOfAFirstRun(t *testing.T) {
	dir := t.TempDir() + "/data"
	first, err := load([]string{"DATA_DIR=" + dir})
	if err != nil {
		t.Fatal(err)
	}
	if !first.own.embeddedBus() || !first.auth.DevelopmentLogin || first.telephony.SIPRedisURL.Reveal() != "redis://"+defaultSIPBusAddr {
		t.Errorf("first run: %+v", first.own)
	}
	again, err := load([]string{"DATA_DIR=" + dir})
	if err != nil {
		t.Fatal(err)
	}
	if first.auth.SecretKey == "" || again.auth.SecretKey.Reveal() != first.auth.SecretKey.Reveal() {
		t.Error("the secret key must be kept with the data")
	}
	ruled, err := load([]string{"DATA_DIR=" + dir, "DISPATCH_MODE=rules"})
	if err != nil || ruled.own.embeddedBus() || ruled.telephony.SIPRedisURL != "" || ruled.telephony.LiveKitAPIURL == "" {
		t.Errorf("with rules in LiveKit there is no bus: %v", err)
	}
}
