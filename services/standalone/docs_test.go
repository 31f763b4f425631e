package standalone

import (
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
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

// goFile is the name of a Go file in a comment; a * stands for several.
var goFile = regexp.MustCompile(`[a-z0-9_*]+\.go\b`)

// TestPackageMaps holds packages whose documentation lists their files to list all
// of them and no other.
func TestPackageMaps(t *testing.T) {
	maps := 0
	for _, module := range []string{"../../pkg", ".."} {
		err := filepath.WalkDir(module, func(dir string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return err
			}
			if entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			files, err := filepath.Glob(filepath.Join(dir, "*.go"))
			if err != nil {
				return err
			}
			maps += checkMap(t, dir, files)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if maps < 50 {
		t.Errorf("only %d packages list their files: is this the repository?", maps)
	}
}

// checkMap returns 1 if the documentation of the package lists files.
func checkMap(t *testing.T, dir string, files []string) int {
	t.Helper()
	var documentation strings.Builder
	var source []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source = append(source, filepath.Base(file))
		parsed, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		documentation.WriteString(parsed.Doc.Text())
	}
	listed := goFile.FindAllString(documentation.String(), -1)
	if len(listed) == 0 {
		return 0
	}
	is := func(name, file string) bool {
		match, err := filepath.Match(name, file)
		return err == nil && match
	}
	for _, file := range source {
		if file != "doc.go" && !slices.ContainsFunc(listed, func(name string) bool { return is(name, file) }) {
			t.Errorf("%s: the documentation of the package does not list %s", dir, file)
		}
	}
	for _, name := range listed {
		if !slices.ContainsFunc(files, func(file string) bool { return is(name, filepath.Base(file)) }) {
			t.Errorf("%s: the documentation of the package lists %s, which is not there", dir, name)
		}
	}
	return 1
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
