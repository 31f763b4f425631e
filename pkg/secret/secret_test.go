package secret

import (
	"bytes"
	"errors"
	"testing"
)

func TestSealAndOpen(t *testing.T) {
	key, err := Parse(Generate())
	if err != nil {
		t.Fatal(err)
	}
	other, err := Parse(Generate())
	if err != nil {
		t.Fatal(err)
	}
	sealed := key.Seal([]byte("hunter2"), "trunk/1")
	if bytes.Contains(sealed, []byte("hunter2")) || bytes.Equal(sealed, key.Seal([]byte("hunter2"), "trunk/1")) {
		t.Fatal("a sealed value must be unreadable and different each time")
	}
	if plain, err := key.Open(sealed, "trunk/1"); err != nil || string(plain) != "hunter2" {
		t.Fatalf("got %q, %v", plain, err)
	}
	damaged := bytes.Clone(sealed)
	damaged[len(damaged)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"other row": func() ([]byte, error) { return key.Open(sealed, "trunk/2") },
		"other key": func() ([]byte, error) { return other.Open(sealed, "trunk/1") },
		"damaged":   func() ([]byte, error) { return key.Open(damaged, "trunk/1") },
		"empty":     func() ([]byte, error) { return key.Open(nil, "trunk/1") },
	} {
		if _, err := open(); !errors.Is(err, ErrOpen) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if bytes.Equal(key.Derive("a"), key.Derive("b")) || !bytes.Equal(key.Derive("a"), key.Derive("a")) {
		t.Error("derived keys must depend on the label alone")
	}
}

func TestParseRefusesWrongKeys(t *testing.T) {
	for _, text := range []string{"", "short", "c2hvcnQ=", "not base64 at all!!"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
