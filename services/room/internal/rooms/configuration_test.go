package rooms

import (
	"fmt"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

func parsed(t *testing.T, text string) *structpb.Struct {
	t.Helper()
	s := &structpb.Struct{}
	if err := protojson.Unmarshal([]byte(text), s); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

func TestConfigurationRefused(t *testing.T) {
	t.Parallel()
	const (
		extra   = "extra_forbidden: Extra inputs are not permitted"
		literal = "literal_error: Input should be 'camera', 'microphone', 'screen_share' or 'screen_share_audio'"
		parsing = "bool_parsing: Input should be a valid boolean, unable to interpret input"
	)
	for text, want := range map[string][]string{
		`{"foo":"bar"}`:                                 {"configuration.foo " + extra},
		`{"foo":null}`:                                  {"configuration.foo " + extra},
		`{"can_publish_sources":["CAMERA"]}`:            {"configuration.can_publish_sources.0 " + literal},
		`{"can_publish_sources":["camera",1,null]}`:     {"configuration.can_publish_sources.1 " + literal, "configuration.can_publish_sources.2 " + literal},
		`{"can_publish_sources":"camera"}`:              {"configuration.can_publish_sources list_type: Input should be a valid list"},
		`{"can_publish_sources":{}}`:                    {"configuration.can_publish_sources list_type: Input should be a valid list"},
		`{"everyone_can_mute":"test"}`:                  {"configuration.everyone_can_mute " + parsing},
		`{"everyone_can_mute":""}`:                      {"configuration.everyone_can_mute " + parsing},
		`{"everyone_can_mute":2}`:                       {"configuration.everyone_can_mute " + parsing},
		`{"everyone_can_mute":0.5}`:                     {"configuration.everyone_can_mute bool_type: Input should be a valid boolean"},
		`{"everyone_can_mute":[]}`:                      {"configuration.everyone_can_mute bool_type: Input should be a valid boolean"},
		`{"z":1,"everyone_can_mute":{},"a.b":1}`:        {"configuration.everyone_can_mute bool_type: Input should be a valid boolean", "configuration.a.b " + extra, "configuration.z " + extra},
		`{"can_publish_sources":[[]],"camera":"audio"}`: {"configuration.can_publish_sources.0 " + literal, "configuration.camera " + extra},
	} {
		_, wrong := ParseConfiguration(parsed(t, text))
		var got []string
		for _, v := range wrong {
			got = append(got, fmt.Sprintf("%s %s: %s", v.Field, v.Code, v.Text))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q\nwant %q", text, got, want)
		}
	}
}

func TestConfigurationKeptAsSent(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		sources     []string
		hasSources  bool
		mute, chose bool
	}{
		`{}`:                           {},
		`{"can_publish_sources":null}`: {},
		`{"can_publish_sources":[]}`:   {sources: []string{}, hasSources: true},
		`{"can_publish_sources":["camera","camera"]}`: {sources: []string{"camera", "camera"}, hasSources: true},
		`{"everyone_can_mute":null}`:                  {},
		`{"everyone_can_mute":true}`:                  {mute: true, chose: true},
		`{"everyone_can_mute":false}`:                 {chose: true},
		`{"everyone_can_mute":"YES"}`:                 {mute: true, chose: true},
		`{"everyone_can_mute":"off"}`:                 {chose: true},
		`{"everyone_can_mute":1}`:                     {mute: true, chose: true},
		`{"everyone_can_mute":0}`:                     {chose: true},
	} {
		c, wrong := ParseConfiguration(parsed(t, text))
		if wrong != nil {
			t.Errorf("%s: %v", text, wrong)
			continue
		}
		stored, err := c.MarshalJSON()
		if err != nil || string(stored) != text {
			t.Errorf("%s is stored as %s, error %v", text, stored, err)
		}
		read, err := DecodeConfiguration(stored)
		if err != nil || !read.Equal(c) {
			t.Errorf("%s is read as %v, error %v", text, read, err)
		}
		sources, ok := read.CanPublishSources()
		if !slices.Equal(sources, want.sources) || ok != want.hasSources {
			t.Errorf("%s: sources %q, %v", text, sources, ok)
		}
		if mute, chose := read.EveryoneCanMute(); mute != want.mute || chose != want.chose {
			t.Errorf("%s: everyone can mute %v, %v", text, mute, chose)
		}
	}
	if c, wrong := ParseConfiguration(nil); wrong != nil || !c.Empty() {
		t.Errorf("nil: %v, %v", c, wrong)
	}
}
