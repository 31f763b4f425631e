package form

import (
	"fmt"
	"strconv"

	"google.golang.org/protobuf/types/known/structpb"
)

// List returns the items of a list field and whether it was given and good.
func (f *Form) List(field string, v *structpb.Value, r Rules) ([]*structpb.Value, bool) {
	if convert, given := f.present(field, v, r); !convert {
		return nil, given
	}
	list, ok := v.GetKind().(*structpb.Value_ListValue)
	if !ok {
		f.Refuse(field, "not_a_list", fmt.Sprintf("Expected a list of items but got type \"%s\".", typeName(v)))
		return nil, false
	}
	return list.ListValue.GetValues(), true
}

// Strings returns a list of strings; what is wrong with an item stands under its index.
func (f *Form) Strings(field string, v *structpb.Value, r Rules) ([]string, bool) {
	items, ok := f.List(field, v, r)
	if !ok {
		return nil, false
	}
	before := len(f.violations)
	texts := make([]string, 0, len(items))
	for i, item := range items {
		text, _ := f.String(Item(field, i), item, Rules{})
		texts = append(texts, text)
	}
	return texts, len(f.violations) == before
}

// Item names the i-th item of a list field.
func Item(field string, i int) string { return field + "." + strconv.Itoa(i) }

// Object returns the fields of an object that stands inside a body, and whether it is one.
func (f *Form) Object(field string, v *structpb.Value) (map[string]*structpb.Value, bool) {
	object, ok := v.GetKind().(*structpb.Value_StructValue)
	if !ok {
		f.Refuse(field+".non_field_errors", "invalid",
			fmt.Sprintf("Invalid data. Expected a dictionary, but got %s.", typeName(v)))
		return nil, false
	}
	return object.StructValue.GetFields(), true
}

// Dict returns an object field and whether it was given and good.
func (f *Form) Dict(field string, v *structpb.Value, r Rules) (*structpb.Struct, bool) {
	if convert, given := f.present(field, v, r); !convert {
		return nil, given
	}
	object, ok := v.GetKind().(*structpb.Value_StructValue)
	if !ok {
		f.Refuse(field, "not_a_dict", fmt.Sprintf("Expected a dictionary of items but got type \"%s\".", typeName(v)))
		return nil, false
	}
	return object.StructValue, true
}

// Configuration returns a room configuration, a closed schema that the owning
// service checks; here it only has to be an object.
func (f *Form) Configuration(field string, v *structpb.Value) (*structpb.Struct, bool) {
	if convert, given := f.present(field, v, Rules{}); !convert {
		return nil, given
	}
	object, ok := v.GetKind().(*structpb.Value_StructValue)
	if !ok {
		f.Refuse(field, "model_type", "Input should be a valid dictionary or instance of RoomConfiguration")
		return nil, false
	}
	return object.StructValue, true
}
