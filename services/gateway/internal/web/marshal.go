package web

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/encoding/protojson"

	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
)

// marshaler writes JSON as the contract does: keys in snake case, empty lists
// and zeros written, unset objects left out, no spaces.
type marshaler struct {
	runtime.JSONPb
}

func newMarshaler() *marshaler {
	return &marshaler{runtime.JSONPb{
		MarshalOptions:   protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true},
		UnmarshalOptions: protojson.UnmarshalOptions{DiscardUnknown: true},
	}}
}

// ContentType implements runtime.Marshaler.
func (*marshaler) ContentType(any) string { return jsonType }

// Marshal implements runtime.Marshaler. protojson puts spaces at random, so
// that nobody relies on its bytes; the contract has none.
func (m *marshaler) Marshal(v any) ([]byte, error) {
	raw, err := m.JSONPb.Marshal(v)
	if err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	compact.Grow(len(raw))
	if err := json.Compact(&compact, raw); err != nil {
		return nil, err
	}
	out := compact.Bytes()
	if _, ok := v.(*frontendv1.Config); ok {
		// The one key of the contract that no proto field can be called.
		out = bytes.Replace(out, []byte(`"language_code":`), []byte(`"LANGUAGE_CODE":`), 1)
	}
	return out, nil
}

// NewEncoder implements runtime.Marshaler.
func (m *marshaler) NewEncoder(w io.Writer) runtime.Encoder {
	return runtime.EncoderFunc(func(v any) error {
		raw, err := m.Marshal(v)
		if err != nil {
			return err
		}
		_, err = w.Write(raw)
		return err
	})
}
