package form

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/parleymeet/parley/pkg/apierr"
)

// Rules are what one field must keep to.
type Rules struct {
	// Required refuses an absent key.
	Required bool
	// Null lets null through; the field then counts as given, with its zero value.
	Null bool
	// Blank lets the empty string through.
	Blank bool
	// Max is the most characters of a string; 0 for no limit.
	Max int
}

// Form collects what is wrong with one body. The zero value is ready for use.
type Form struct {
	violations []apierr.Violation
}

// Err returns INVALID_FIELDS with everything that is wrong, or nil.
func (f *Form) Err() error {
	if len(f.violations) == 0 {
		return nil
	}
	return apierr.Invalid(f.violations...)
}

// Refuse adds a violation that the caller found itself.
func (f *Form) Refuse(field, code, text string) {
	f.violations = append(f.violations, apierr.Violation{Field: field, Code: code, Text: text})
}

// present says whether there is a value to convert. It answers for absent and
// null fields; given is what the caller should then return.
func (f *Form) present(field string, v *structpb.Value, r Rules) (convert, given bool) {
	switch {
	case v == nil || v.GetKind() == nil:
		if r.Required {
			f.Refuse(field, "required", "This field is required.")
		}
		return false, false
	case !IsNull(v):
		return true, true
	case !r.Null:
		f.Refuse(field, "null", "This field may not be null.")
		return false, false
	default:
		return false, true
	}
}

// IsNull reports whether the value is a JSON null.
func IsNull(v *structpb.Value) bool {
	_, null := v.GetKind().(*structpb.Value_NullValue)
	return null
}

// String returns a string field and whether it was given and good.
func (f *Form) String(field string, v *structpb.Value, r Rules) (string, bool) {
	if convert, given := f.present(field, v, r); !convert {
		return "", given
	}
	text, ok := asText(v)
	if !ok {
		f.Refuse(field, "invalid", "Not a valid string.")
		return "", false
	}
	text = strings.TrimSpace(text)
	switch {
	case strings.ContainsRune(text, 0):
		f.Refuse(field, "null_characters_not_allowed", "Null characters are not allowed.")
	case text == "" && !r.Blank:
		f.Refuse(field, "blank", "This field may not be blank.")
	case r.Max > 0 && utf8.RuneCountInString(text) > r.Max:
		f.Refuse(field, "max_length", fmt.Sprintf("Ensure this field has no more than %d characters.", r.Max))
	default:
		return text, true
	}
	return "", false
}

// UUID returns a field that must be a UUID, in its canonical form.
func (f *Form) UUID(field string, v *structpb.Value, r Rules) (string, bool) {
	if convert, given := f.present(field, v, r); !convert {
		return "", given
	}
	id, err := uuid.Parse(v.GetStringValue())
	if err != nil {
		f.Refuse(field, "invalid", "Must be a valid UUID.")
		return "", false
	}
	return id.String(), true
}

// Key returns a field that names another object by its UUID, in canonical form.
func (f *Form) Key(field string, v *structpb.Value, r Rules) (string, bool) {
	if text, isText := v.GetKind().(*structpb.Value_StringValue); isText && text.StringValue == "" {
		v = structpb.NewNullValue() // as the contract's original takes it
	}
	if convert, given := f.present(field, v, r); !convert {
		return "", given
	}
	if _, isBool := v.GetKind().(*structpb.Value_BoolValue); isBool {
		f.Refuse(field, "incorrect_type", "Incorrect type. Expected pk value, received bool.")
		return "", false
	}
	id, err := uuid.Parse(v.GetStringValue())
	if err != nil {
		f.Refuse(field, "invalid", fmt.Sprintf("\u201c%s\u201d is not a valid UUID.", literal(v)))
		return "", false
	}
	return id.String(), true
}

// literal writes a value as people would: strings bare, all else as JSON.
func literal(v *structpb.Value) string {
	if text, ok := asText(v); ok {
		return text
	}
	raw, err := json.Marshal(v.AsInterface())
	if err != nil {
		return typeName(v)
	}
	return string(raw)
}

// Choice returns a field that must be one of the choices. Rules.Blank adds the empty string.
func (f *Form) Choice(field string, v *structpb.Value, choices []string, r Rules) (string, bool) {
	if convert, given := f.present(field, v, r); !convert {
		return "", given
	}
	_, ok := asText(v)
	text := literal(v)
	if ok && (slices.Contains(choices, text) || (r.Blank && text == "")) {
		return text, true
	}
	f.Refuse(field, "invalid_choice", fmt.Sprintf("\"%s\" is not a valid choice.", text))
	return "", false
}

// Int returns a whole number between low and high.
func (f *Form) Int(field string, v *structpb.Value, low, high int32, r Rules) (int32, bool) {
	if convert, given := f.present(field, v, r); !convert {
		return 0, given
	}
	number := v.GetNumberValue()
	if text, isText := v.GetKind().(*structpb.Value_StringValue); isText {
		parsed, err := strconv.ParseInt(strings.TrimSpace(text.StringValue), 10, 32)
		if err != nil {
			number = math.NaN()
		} else {
			number = float64(parsed)
		}
	} else if _, isNumber := v.GetKind().(*structpb.Value_NumberValue); !isNumber {
		number = math.NaN()
	}
	switch {
	case math.IsNaN(number) || number != math.Trunc(number):
		f.Refuse(field, "invalid", "A valid integer is required.")
	case number < float64(low):
		f.Refuse(field, "min_value", fmt.Sprintf("Ensure this value is greater than or equal to %d.", low))
	case number > float64(high):
		f.Refuse(field, "max_value", fmt.Sprintf("Ensure this value is less than or equal to %d.", high))
	default:
		return int32(number), true
	}
	return 0, false
}

var (
	truths = []string{"t", "y", "yes", "true", "on", "1"}
	lies   = []string{"f", "n", "no", "false", "off", "0"}
)

// Bool returns a boolean field; the usual words and 0 and 1 are taken for one.
func (f *Form) Bool(field string, v *structpb.Value, r Rules) (value, ok bool) {
	if convert, given := f.present(field, v, r); !convert {
		return false, given
	}
	if b, isBool := v.GetKind().(*structpb.Value_BoolValue); isBool {
		return b.BoolValue, true
	}
	if text, isText := asText(v); isText {
		word := strings.ToLower(strings.TrimSpace(text))
		if slices.Contains(truths, word) {
			return true, true
		}
		if slices.Contains(lies, word) {
			return false, true
		}
	}
	f.Refuse(field, "invalid", "Must be a valid boolean.")
	return false, false
}

// asText returns strings as they are and numbers as text.
func asText(v *structpb.Value) (string, bool) {
	switch kind := v.GetKind().(type) {
	case *structpb.Value_StringValue:
		return kind.StringValue, true
	case *structpb.Value_NumberValue:
		return strconv.FormatFloat(kind.NumberValue, 'f', -1, 64), true
	default:
		return "", false
	}
}

// typeName names the type of a value as the contract's original does in its texts.
func typeName(v *structpb.Value) string {
	switch kind := v.GetKind().(type) {
	case *structpb.Value_StringValue:
		return "str"
	case *structpb.Value_BoolValue:
		return "bool"
	case *structpb.Value_NumberValue:
		if kind.NumberValue == math.Trunc(kind.NumberValue) {
			return "int"
		}
		return "float"
	case *structpb.Value_ListValue:
		return "list"
	case *structpb.Value_StructValue:
		return "dict"
	default:
		return "NoneType"
	}
}
