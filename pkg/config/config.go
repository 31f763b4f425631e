package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Validator is met by configurations with rules beyond the type of a field.
type Validator interface {
	// Validate returns every fault, joined.
	Validate() error
}

// Error is a configuration that cannot be used. It makes a process exit with code 2.
type Error struct {
	Faults []error
}

// Error lists the faults, one a line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("the configuration is not usable:")
	for _, fault := range e.Faults {
		b.WriteString("\n  - " + fault.Error())
	}
	return b.String()
}

// Unwrap returns the faults.
func (e *Error) Unwrap() []error { return e.Faults }

// ExitCode is the exit status for a process with such a configuration.
func (e *Error) ExitCode() int { return 2 }

// Load fills *cfg from the variables in environ, each "NAME=value" as in
// os.Environ. Its error is an [*Error] with every fault.
func Load(cfg any, environ []string) error {
	vars := env.ToMap(environ)
	faults := readFiles(reflect.TypeOf(cfg).Elem(), vars)
	if err := env.ParseWithOptions(cfg, env.Options{Environment: vars}); err != nil {
		var all env.AggregateError
		if errors.As(err, &all) {
			for _, fault := range all.Errors {
				faults = append(faults, named(fault, reflect.TypeOf(cfg).Elem()))
			}
		} else {
			faults = append(faults, err)
		}
	}
	if len(faults) == 0 {
		faults = append(faults, validate(cfg)...)
	}
	if len(faults) > 0 {
		return &Error{Faults: faults}
	}
	return nil
}

// named says of a value that cannot be read which variable has it; the parser
// knows only the field.
func named(fault error, t reflect.Type) error {
	var wrong env.ParseError
	if !errors.As(fault, &wrong) {
		return fault
	}
	if names := variables(t, wrong.Name, wrong.Type); len(names) > 0 {
		return fmt.Errorf("%s: %w", strings.Join(names, " or "), wrong.Err)
	}
	return fault
}

// variables returns what fills the fields of that name and type.
func variables(t reflect.Type, name string, of reflect.Type) (found []string) {
	for i := range t.NumField() {
		field := t.Field(i)
		variable, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		switch {
		case variable != "" && field.Name == name && field.Type == of:
			found = append(found, variable)
		case variable == "" && field.Type.Kind() == reflect.Struct:
			found = append(found, variables(field.Type, name, of)...)
		}
	}
	return found
}

// validate calls Validate on cfg and flattens what it joins.
func validate(cfg any) []error {
	v, ok := cfg.(Validator)
	if !ok {
		return nil
	}
	err := v.Validate()
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// readFiles puts the content of the file that NAME_FILE names into NAME, for
// every field of type Secret. A secret given in both ways is a fault.
func readFiles(t reflect.Type, vars map[string]string) []error {
	var faults []error
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Type == reflect.TypeFor[Secret]() {
			name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
			if err := readFile(name, vars); err != nil {
				faults = append(faults, err)
			}
			continue
		}
		if field.Type.Kind() == reflect.Struct {
			faults = append(faults, readFiles(field.Type, vars)...)
		}
	}
	return faults
}

func readFile(name string, vars map[string]string) error {
	path := vars[name+"_FILE"]
	if path == "" {
		return nil
	}
	if vars[name] != "" {
		return fmt.Errorf("%s and %s_FILE are both set: keep one", name, name)
	}
	content, err := os.ReadFile(path) // #nosec G304 -- the operator names the file
	if err != nil {
		return fmt.Errorf("%s_FILE: %w", name, err)
	}
	vars[name] = strings.TrimRight(string(content), "\r\n")
	return nil
}

// Secret is a setting that must not be shown. Its value is read with Reveal.
type Secret string

const redacted = "REDACTED"

// Reveal returns the value.
func (s Secret) Reveal() string { return string(s) }

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString hides the value from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the value from logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the value from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
