package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

const (
	maxBody = 1 << 20
	// maxDepth is how deep a body may nest; nothing in the contract comes near.
	maxDepth = 64
)

// plainBody reads the body of a request that may have one, JSON or a multipart
// form, and puts plain JSON in its place: one object, no key twice. An absent
// body is an empty object. It is kept for the error handler, which quotes it.
// Where form is true, the body may be a URL-encoded form, too.
func plainBody(w http.ResponseWriter, r *http.Request, form bool) error {
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
	default:
		setBody(r, nil)
		return nil
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return newFault(http.StatusRequestEntityTooLarge, detail("Request body is too large."))
	} else if err != nil {
		return newFault(http.StatusBadRequest, detail("The request body could not be read."))
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		setBody(r, []byte("{}"))
		return nil
	}
	object, err := decodeBody(r.Header.Get("Content-Type"), raw, form)
	if err != nil {
		return err
	}
	// grpc-gateway would know a field by its name in camel case, too.
	maps.DeleteFunc(object, func(key string, _ any) bool { return strings.ToLower(key) != key })
	notesOf(r.Context()).body = object
	plain, err := json.Marshal(object)
	if err != nil {
		return parseError(err.Error())
	}
	setBody(r, plain)
	return nil
}

func setBody(r *http.Request, content []byte) {
	r.Body = io.NopCloser(bytes.NewReader(content))
	r.ContentLength = int64(len(content))
}

// decodeBody reads a body of one of the media types that are taken.
func decodeBody(header string, raw []byte, form bool) (map[string]any, error) {
	media, params, err := mime.ParseMediaType(header)
	switch {
	case err == nil && media == jsonType:
		return decodeObject(raw)
	case err == nil && media == "multipart/form-data":
		return decodeMultipart(raw, params["boundary"])
	case err == nil && form && media == "application/x-www-form-urlencoded":
		return decodeForm(raw)
	}
	return nil, newFault(http.StatusUnsupportedMediaType, detail(fmt.Sprintf("Unsupported media type \"%s\" in request.", header)))
}

// decodeObject reads a JSON object. Numbers stay as they were written.
func decodeObject(raw []byte) (map[string]any, error) {
	if !utf8.Valid(raw) {
		return nil, parseError("the text is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, parseError(err.Error())
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, parseError("more than one value")
	}
	if tooDeep(value, maxDepth) {
		return nil, parseError("nested too deeply")
	}
	object, ok := value.(map[string]any)
	if !ok {
		text := fmt.Sprintf("Invalid data. Expected a dictionary, but got %s.", typeName(value))
		return nil, newFault(http.StatusBadRequest, map[string][]string{nonFieldErrors: {text}})
	}
	return object, nil
}

func parseError(text string) error {
	return newFault(http.StatusBadRequest, detail("JSON parse error - "+text))
}

func tooDeep(value any, left int) bool {
	if left == 0 {
		return true
	}
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			if tooDeep(item, left-1) {
				return true
			}
		}
	case map[string]any:
		for _, item := range v {
			if tooDeep(item, left-1) {
				return true
			}
		}
	}
	return false
}

// typeName names a JSON type as the contract's original does.
func typeName(value any) string {
	switch v := value.(type) {
	case []any:
		return "list"
	case string:
		return "str"
	case bool:
		return "bool"
	case json.Number:
		if _, err := v.Int64(); err == nil {
			return "int"
		}
		return "float"
	default:
		return "NoneType"
	}
}
