package web

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// listFields are the fields that are lists: given once in a form, one is a list
// of one. Of any other field that is given more than once the last one counts.
var listFields = []string{"allowed_addresses", "allowed_domains", "can_publish_sources", "emails", "numbers", "scopes"}

// nestedKey is the name of a form's field inside objects and lists, such as
// configuration.can_publish_sources[0].
var nestedKey = regexp.MustCompile(`^[^.\[\]]+(\.[^.\[\]]+|\[[0-9]{1,4}\])+$`)

// decodeForm reads a URL-encoded form.
func decodeForm(raw []byte) (map[string]any, error) {
	values, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, newFault(http.StatusBadRequest, detail("Form parse error - "+err.Error()))
	}
	return formObject(values, "Form")
}

// decodeMultipart reads a multipart form. No endpoint takes a file, so files are
// no fields.
func decodeMultipart(raw []byte, boundary string) (map[string]any, error) {
	form, err := multipart.NewReader(bytes.NewReader(raw), boundary).ReadForm(maxBody)
	if err != nil {
		return nil, newFault(http.StatusBadRequest, detail("Multipart form parse error - "+err.Error()))
	}
	defer func() { _ = form.RemoveAll() }() // bodies are too small to be put into files
	return formObject(form.Value, "Multipart form")
}

// branch is what a form says of one field: texts, or more fields, or items.
type branch struct {
	texts  []string
	fields map[string]*branch
	items  map[int]*branch
}

// formObject turns the fields of a form into an object.
func formObject(values map[string][]string, kind string) (map[string]any, error) {
	root := &branch{}
	for name, texts := range values {
		key, steps := stepsOf(strings.ToValidUTF8(name, "\uFFFD"))
		at := root.field(key)
		for _, step := range steps {
			at = at.next(step)
		}
		for _, text := range texts {
			at.texts = append(at.texts, strings.ToValidUTF8(text, "\uFFFD"))
		}
	}
	object := make(map[string]any, len(root.fields))
	for name, field := range root.fields {
		value, ok := field.value(name)
		if !ok {
			return nil, newFault(http.StatusBadRequest, detail(fmt.Sprintf("%s parse error - the fields of %q contradict each other", kind, name)))
		}
		object[name] = value
	}
	return object, nil
}

// stepsOf cuts the name of a field into its first key and the steps from there:
// keys, and indexes as "[0]".
func stepsOf(name string) (key string, steps []string) {
	if !nestedKey.MatchString(name) || strings.Count(name, ".")+strings.Count(name, "[") > maxDepth/2 {
		return name, nil
	}
	parts := strings.Split(strings.ReplaceAll(name, "[", ".["), ".")
	return parts[0], parts[1:]
}

// next returns the branch one step further.
func (b *branch) next(step string) *branch {
	index, isItem := strings.CutPrefix(step, "[")
	if !isItem {
		return b.field(step)
	}
	i, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
	if err != nil { // never, by nestedKey
		return b.field(step)
	}
	if b.items == nil {
		b.items = map[int]*branch{}
	}
	if b.items[i] == nil {
		b.items[i] = &branch{}
	}
	return b.items[i]
}

// field returns the branch of a key.
func (b *branch) field(key string) *branch {
	if b.fields == nil {
		b.fields = map[string]*branch{}
	}
	if b.fields[key] == nil {
		b.fields[key] = &branch{}
	}
	return b.fields[key]
}

// value returns the JSON value of a branch, false where it is more than one
// thing at once or a list with gaps.
func (b *branch) value(name string) (any, bool) {
	switch {
	case b.fields == nil && b.items == nil:
		if slices.Contains(listFields, name) {
			list := make([]any, len(b.texts))
			for i, text := range b.texts {
				list[i] = text
			}
			return list, true
		}
		return b.texts[len(b.texts)-1], true
	case b.items == nil && b.texts == nil:
		object := make(map[string]any, len(b.fields))
		for key, field := range b.fields {
			value, ok := field.value(key)
			if !ok {
				return nil, false
			}
			object[key] = value
		}
		return object, true
	case b.fields == nil && b.texts == nil:
		list := make([]any, len(b.items))
		for i, item := range b.items {
			value, ok := item.value("")
			if !ok || i >= len(list) {
				return nil, false
			}
			list[i] = value
		}
		return list, true
	default:
		return nil, false
	}
}
