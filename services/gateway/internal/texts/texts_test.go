package texts

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	commonv1 "github.com/parleymeet/parley/gen/parley/common/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

func TestIn(t *testing.T) {
	all, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ language, english, want string }{
		{"fr", "This field is required.", "Ce champ est obligatoire."},
		{"nl", "Not found.", "Niet gevonden."},
		{"de", `"foo" is not a valid choice.`, "„foo“ ist keine gültige Option."},
		{"de", "\"a\n\" is not a valid choice.\" is not a valid choice.", "„a\n\" is not a valid choice.“ ist keine gültige Option."},
		{"fr", "Ensure this value has at most 100 characters (it has 101).", "Assurez-vous que cette valeur comporte au plus 100 caractères (actuellement 101)."},
		{"fr", "Request was throttled. Expected available in 1 second.", "La requête a été ralentie. Disponible dans 1 seconde."},
		{"fr", "Request was throttled. Expected available in 2 seconds.", "La requête a été ralentie. Disponible dans 2 secondes."},
		{"nl", `Room name "{1}{0}" is reserved.`, `De ruimtenaam "{1}{0}" is gereserveerd.`}, // places in what was sent are text
		{"en", "Not found.", "Not found."},
		{"xx", "Not found.", "Not found."},
		{"fr", "Nobody ever said this.", "Nobody ever said this."},
		{"fr", "", ""},
	} {
		if got := all.In(c.language, c.english); got != c.want {
			t.Errorf("%s: %q: %q, want %q", c.language, c.english, got, c.want)
		}
	}
}

// The catalogues have the same keys, and translations have the places of their keys.
func TestCatalogues(t *testing.T) {
	first, err := read(Languages()[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range Languages() {
		entries, err := read(language)
		if err != nil {
			t.Fatal(err)
		}
		if have, want := slices.Sorted(maps.Keys(entries)), slices.Sorted(maps.Keys(first)); !slices.Equal(have, want) {
			t.Errorf("keys of %s: %q\nwant %q", language, have, want)
		}
		for english, translation := range entries {
			have, want := place.FindAllString(translation, -1), place.FindAllString(english, -1)
			slices.Sort(have)
			if !slices.Equal(have, want) || strings.TrimSpace(translation) != translation || translation == "" || translation == english {
				t.Errorf("%s: %q: %q", language, english, translation)
			}
		}
	}
}

// Every reason's own text is translated.
func TestReasons(t *testing.T) {
	entries, err := read("fr")
	if err != nil {
		t.Fatal(err)
	}
	for number := range commonv1.ErrorReason_name {
		text := apierr.New(apierr.Reason(number), "").PublicText()
		if _, ok := entries[text]; !ok && !staysEnglish(text) {
			t.Errorf("%s: %q is not translated", apierr.Reason(number), text)
		}
	}
}

// staysEnglish recognises texts that are not for people who use a page.
func staysEnglish(text string) bool {
	return slices.ContainsFunc([]string{
		"Invalid LiveKit token", "Authorization header ", "Invalid authorization header.", "Server-to-server token ", "Invalid token", "The logout token ",
		"CSRF Failed: ", "JSON parse error - ", "Form parse error - ", "Multipart form parse error - ", "… parse error - ",
		"Input should be ", "List should have ", "Extra inputs are not permitted", // closed schemas, in the words of a library
		"LIVEKIT_API_URL is not set", "no signing key after a refresh", // for the log
		"The development log-in ",
	}, func(start string) bool { return strings.HasPrefix(text, start) })
}

// verbs are the places of format strings and catalogues.
var verbs = regexp.MustCompile(`%[dsqv]|\{\d\}`)

// TestSources looks in the source of the services and of the kit for texts of
// errors that are not translated.
func TestSources(t *testing.T) {
	entries, err := read("fr")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for english := range entries {
		known[plain(english)] = true
	}
	found := 0
	for _, root := range []string{"../../../auth", "../../../room", "../../../telephony", "../../../token", "../../../gateway", "../../../internal", "../../../../pkg"} {
		for position, text := range textsIn(t, root) {
			found++
			if text = plain(text); !known[text] && !staysEnglish(text) && text != "…" {
				t.Errorf("%s: %q is not translated", position, text)
			}
		}
	}
	if found < 90 {
		t.Errorf("only %d texts found: where are they?", found)
	}
}

// plain writes every place alike; what %q quotes stands in quotes.
func plain(text string) string {
	return verbs.ReplaceAllString(strings.ReplaceAll(text, "%q", `"%s"`), "…")
}

// textsIn returns the texts that functions which make errors are called with,
// by their position.
func textsIn(t *testing.T, root string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		positions := token.NewFileSet()
		files, err := sourcesIn(path, positions)
		constants := constantsOf(files)
		for _, file := range files {
			ast.Inspect(file, func(n ast.Node) bool {
				if argument := textArgument(n); argument != nil {
					if text, ok := textOf(argument, constants); ok && text != "" {
						texts[positions.Position(argument.Pos()).String()] = text
					}
				}
				return true
			})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// sourcesIn reads the files of a package, without its tests.
func sourcesIn(dir string, positions *token.FileSet) ([]*ast.File, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(positions, name, nil, 0)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// textArgument returns the expression of the text, if a node makes an error.
func textArgument(n ast.Node) ast.Expr {
	switch node := n.(type) {
	case *ast.CallExpr:
		name := ""
		switch called := node.Fun.(type) {
		case *ast.Ident:
			name = called.Name
		case *ast.SelectorExpr:
			name = called.Sel.Name
			if from, ok := called.X.(*ast.Ident); ok && from.Name == "apierr" {
				name = "apierr." + name
			}
		}
		at, ok := map[string]int{"apierr.New": 1, "apierr.InvalidField": 2, "Refuse": 2, "detail": 0, "machineFault": 0, "refused": 0}[name]
		if ok && at < len(node.Args) {
			return node.Args[at]
		}
	case *ast.KeyValueExpr:
		if key, ok := node.Key.(*ast.Ident); ok && key.Name == "Text" {
			return node.Value
		}
	}
	return nil
}

// constantsOf returns the constants of a package.
func constantsOf(files []*ast.File) map[string]ast.Expr {
	constants := map[string]ast.Expr{}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for i, value := range spec.Values {
					constants[spec.Names[i].Name] = value
				}
			}
			return true
		})
	}
	return constants
}

// textOf returns a text, with a place for each part that is none; false where no
// part is a text.
func textOf(e ast.Expr, constants map[string]ast.Expr) (string, bool) {
	switch expression := e.(type) {
	case *ast.BasicLit:
		if expression.Kind == token.STRING {
			return constant.StringVal(constant.MakeFromLiteral(expression.Value, token.STRING, 0)), true
		}
	case *ast.Ident:
		if value, ok := constants[expression.Name]; ok {
			return textOf(value, nil)
		}
	case *ast.BinaryExpr:
		left, isLeft := textOf(expression.X, constants)
		right, isRight := textOf(expression.Y, constants)
		if !isLeft {
			left = "%s"
		}
		if !isRight {
			right = "%s"
		}
		return left + right, isLeft || isRight
	case *ast.CallExpr:
		if called, ok := expression.Fun.(*ast.SelectorExpr); ok && called.Sel.Name == "Sprintf" {
			return textOf(expression.Args[0], constants)
		}
	}
	return "", false
}
