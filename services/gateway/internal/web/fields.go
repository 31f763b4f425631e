package web

import (
	"regexp"
	"strings"

	"github.com/parleymeet/parley/pkg/apierr"
)

// bracket is how request validation writes an index; the contract has a key.
var bracket = regexp.MustCompile(`\[(\d+)\]`)

// fieldErrors renders wrong fields: {"name":["..."]}, items of lists under
// their index, {"emails":{"1":["..."]}}, and configurations as their schema
// reports them. body is the request's, which those quote.
func fieldErrors(violations []apierr.Violation, body map[string]any) map[string]any {
	all := map[string]any{}
	for _, v := range violations {
		path := pathIn(body, v.Field)
		switch {
		case v.Field == "":
			put(all, []string{nonFieldErrors}, v.Text)
		case isConfiguration(path[0]) && isSchemaError(v.Code):
			list, _ := all[path[0]].([]schemaError)
			all[path[0]] = append(list, newSchemaError(v, path[1:], body[path[0]]))
		default:
			put(all, path, v.Text)
		}
	}
	return all
}

// pathIn takes the name of a field apart at its dots. A key of the body may have
// dots itself: it stays whole, or a client would choose how deep the answer is.
func pathIn(body map[string]any, field string) []string {
	var path []string
	at := any(body)
	for {
		if object, ok := at.(map[string]any); ok {
			if _, whole := object[field]; whole {
				return append(path, field)
			}
		}
		key, rest, more := strings.Cut(field, ".")
		path = append(path, strings.Split(bracket.ReplaceAllString(key, ".$1"), ".")...)
		if !more {
			return path
		}
		at, field = lookup(at, []string{key}), rest
	}
}

// put adds a text at the end of a path. Where a field has both texts of its own
// and wrong items, its own come first and stay alone.
func put(into map[string]any, path []string, text string) {
	if len(path) == 0 {
		return
	}
	key := path[0]
	switch at := into[key].(type) {
	case nil:
		if len(path) == 1 {
			into[key] = []string{text}
			return
		}
		inner := map[string]any{}
		into[key] = inner
		put(inner, path[1:], text)
	case []string:
		if len(path) == 1 {
			into[key] = append(at, text)
		}
	case map[string]any:
		if len(path) == 1 {
			into[key] = []string{text}
			return
		}
		put(at, path[1:], text)
	}
}
