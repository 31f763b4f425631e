package web

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/parleymeet/parley/pkg/apierr"
)

// schemaURL is where the contract's original explains its errors.
const schemaURL = "https://errors.pydantic.dev/2.13/v/"

// schemaError is one fault of a room configuration or a permission, in the words of the schema
// library that the contract's original uses.
type schemaError struct {
	Type  string            `json:"type"`
	Loc   []string          `json:"loc"`
	Msg   string            `json:"msg"`
	Input any               `json:"input"`
	Ctx   map[string]string `json:"ctx,omitempty"`
	URL   string            `json:"url"`
}

// isConfiguration reports whether a field's value keeps to a closed schema.
func isConfiguration(field string) bool {
	return field == "configuration" || field == "default_room_configuration" || field == "permission"
}

// isSchemaError reports whether the code of a violation is a type of the schema library.
func isSchemaError(code string) bool {
	switch code {
	case "extra_forbidden", "literal_error", "list_type", "bool_parsing", "bool_type", "model_type", "too_long":
		return true
	default:
		return false
	}
}

// newSchemaError renders a violation at loc inside the configuration that was sent.
func newSchemaError(v apierr.Violation, loc []string, configuration any) schemaError {
	e := schemaError{Type: v.Code, Loc: loc, Msg: v.Text, URL: schemaURL + v.Code}
	e.Input = asText(lookup(configuration, loc))
	switch v.Code {
	case "literal_error":
		e.Ctx = map[string]string{"expected": strings.TrimPrefix(v.Text, "Input should be ")}
	case "model_type":
		e.Ctx = map[string]string{"class_name": "RoomConfiguration"}
	}
	return e
}

// lookup returns what stands at a place inside a JSON value.
func lookup(value any, loc []string) any {
	for _, key := range loc {
		switch v := value.(type) {
		case map[string]any:
			value = v[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// asText turns every scalar of a value into text, as the original does in errors.
func asText(value any) any {
	switch v := value.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case json.Number:
		return v.String()
	case []any:
		texts := make([]any, len(v))
		for i, item := range v {
			texts[i] = asText(item)
		}
		return texts
	case map[string]any:
		texts := make(map[string]any, len(v))
		for key, item := range v {
			texts[key] = asText(item)
		}
		return texts
	default:
		return v
	}
}
