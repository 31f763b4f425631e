package roomconfig_test

import (
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/internal/roomconfig"
)

func TestValidate(t *testing.T) {
	const (
		literal = "Input should be 'camera', 'microphone', 'screen_share' or 'screen_share_audio'"
		boolean = "Input should be a valid boolean"
		parsing = "Input should be a valid boolean, unable to interpret input"
	)
	mute := func(code, text string) []apierr.Violation {
		return []apierr.Violation{{Field: "everyone_can_mute", Code: code, Text: text}}
	}
	listed := func(n int) string {
		return `{"can_publish_sources":["camera"` + strings.Repeat(`,"camera"`, n-1) + `]}`
	}
	cases := map[string][]apierr.Violation{
		listed(16): nil,
		listed(17): {{Field: "can_publish_sources", Code: "too_long", Text: "List should have at most 16 items after validation, not 17"}},
		`{}`:       nil,
		`{"can_publish_sources":[],"everyone_can_mute":null}`: nil,
		`{"can_publish_sources":null}`:                        nil,
		`{"can_publish_sources":["camera","camera"]}`:         nil,
		`{"everyone_can_mute":true}`:                          nil,
		`{"everyone_can_mute":"Yes"}`:                         nil,
		`{"everyone_can_mute":1}`:                             nil,
		`{"everyone_can_mute":"test"}`:                        mute("bool_parsing", parsing),
		`{"everyone_can_mute":2}`:                             mute("bool_parsing", parsing),
		`{"everyone_can_mute":0.5}`:                           mute("bool_type", boolean),
		`{"everyone_can_mute":[]}`:                            mute("bool_type", boolean),
		`{"can_publish_sources":"camera"}`:                    {{Field: "can_publish_sources", Code: "list_type", Text: "Input should be a valid list"}},
		`{"can_publish_sources":["camera","CAMERA",1]}`: {
			{Field: "can_publish_sources.1", Code: "literal_error", Text: literal},
			{Field: "can_publish_sources.2", Code: "literal_error", Text: literal},
		},
		`{"foo":1,"bar":2,"everyone_can_mute":{}}`: {
			{Field: "everyone_can_mute", Code: "bool_type", Text: boolean},
			{Field: "bar", Code: "extra_forbidden", Text: "Extra inputs are not permitted"},
			{Field: "foo", Code: "extra_forbidden", Text: "Extra inputs are not permitted"},
		},
	}
	for text, want := range cases {
		t.Run(text, func(t *testing.T) {
			var configuration structpb.Struct
			if err := configuration.UnmarshalJSON([]byte(text)); err != nil {
				t.Fatal(err)
			}
			got := roomconfig.Validate(&configuration)
			if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
	if got := roomconfig.Validate(nil); got != nil {
		t.Errorf("nothing at all: got %v", got)
	}
}
