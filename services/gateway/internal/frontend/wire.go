package frontend

import (
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// textOrNull shows an empty string as null.
func textOrNull(text string) *structpb.Value {
	if text == "" {
		return structpb.NewNullValue()
	}
	return structpb.NewStringValue(text)
}

// numberOrNull shows zero as null.
func numberOrNull(n int32) *structpb.Value {
	if n == 0 {
		return structpb.NewNullValue()
	}
	return structpb.NewNumberValue(float64(n))
}

// asValue turns a message into a value, for keys that may also be null or absent.
func asValue(m proto.Message) (*structpb.Value, error) {
	raw, err := protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	v := &structpb.Value{}
	return v, protojson.Unmarshal(raw, v)
}

// datetime writes a time as the contract does: UTC, six digits after the
// seconds, none when they are zero. An unset time is empty.
func datetime(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	at := t.AsTime().Truncate(time.Microsecond)
	if at.Nanosecond() == 0 {
		return at.Format("2006-01-02T15:04:05Z")
	}
	return at.Format("2006-01-02T15:04:05.000000Z")
}

// word is the lower-case name of an enumeration's value without its prefix:
// ROLE_OWNER is "owner". The unspecified value is empty.
func word(e protoreflect.Enum) string {
	descriptor := e.Descriptor()
	value := descriptor.Values().ByNumber(e.Number())
	if value == nil || e.Number() == 0 {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(string(value.Name()), enumPrefix(descriptor)))
}

// number is the value that word writes; 0 when there is none.
func number(descriptor protoreflect.EnumDescriptor, word string) protoreflect.EnumNumber {
	value := descriptor.Values().ByName(protoreflect.Name(enumPrefix(descriptor) + strings.ToUpper(word)))
	if value == nil {
		return 0
	}
	return value.Number()
}

// words lists what word writes for the specified values.
func words(descriptor protoreflect.EnumDescriptor) []string {
	prefix := enumPrefix(descriptor)
	var all []string
	for i := 1; i < descriptor.Values().Len(); i++ {
		all = append(all, strings.ToLower(strings.TrimPrefix(string(descriptor.Values().Get(i).Name()), prefix)))
	}
	return all
}

// enumPrefix is what the linter makes the names of all values begin with.
func enumPrefix(descriptor protoreflect.EnumDescriptor) string {
	return strings.TrimSuffix(string(descriptor.Values().Get(0).Name()), "UNSPECIFIED")
}
