package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

const (
	// builtFiles begins the paths of what a build makes and copies.
	builtFiles = "assets/"
	// hashLength is how long the hash is with which Vite ends such a name.
	hashLength = 8
	// smallFile is up to which size a file without such a name is read anew for
	// each request: neither its size nor its time proves that it is the same.
	smallFile = 64 << 10
	// Files from leastZipped to mostZipped bytes are compressed.
	leastZipped, mostZipped = 1 << 10, 32 << 20
	// zipLevel is how hard it is tried, of 9.
	zipLevel = 6
)

// isHashed reports whether a file's name carries a hash of its content, so that
// this never changes. Beside the files that Vite has named so are those that it
// has copied as they are: logos, and the models of background effects. They keep
// their names when an operator or a new version replaces them. A hash has a
// capital or a digit, all but one in 750; that one is asked for again.
func isHashed(name string) bool {
	stem := strings.TrimSuffix(name, path.Ext(name))
	cut := len(stem) - hashLength
	if !strings.HasPrefix(name, builtFiles) || cut <= len(builtFiles) || !strings.ContainsRune("-.", rune(stem[cut-1])) {
		return false
	}
	lower := true
	for _, r := range stem[cut:] {
		switch {
		case 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			lower = false
		case 'a' <= r && r <= 'z', r == '-', r == '_':
		default:
			return false
		}
	}
	return !lower
}

// errNoFile says that a path is nothing that can be sent.
var errNoFile = errors.New("not a file")

// asset is what is known of a file's content.
type asset struct {
	size     int64
	modified time.Time
	// tag stands for the content.
	tag string
	// zipped is the content compressed; nil where that is not worth it.
	zipped []byte
}

// assets are the files of a frontend. Each is compressed once, not for every
// visitor: when a meeting begins, all of its people load the page at once.
type assets struct {
	files fs.FS

	mu    sync.RWMutex
	known map[string]*asset
	// making lets one file be compressed at a time: a crowd that asks for a new
	// file waits for one compression.
	making sync.Mutex
}

func newAssets(files fs.FS) *assets { return &assets{files: files, known: map[string]*asset{}} }

// open returns a file, and what is known of its content.
func (a *assets) open(name string, compressible bool) (io.ReadSeekCloser, *asset, error) {
	opened, err := a.files.Open(name)
	if err != nil {
		return nil, nil, err
	}
	file, seeks := opened.(io.ReadSeekCloser)
	info, err := opened.Stat()
	if err == nil && (!seeks || !info.Mode().IsRegular()) {
		err = errNoFile
	}
	var found *asset
	if err == nil {
		found, err = a.asset(name, file, info, compressible)
	}
	if err != nil {
		_ = opened.Close() // only read
		return nil, nil, err
	}
	return file, found, nil
}

// asset returns what is known of a file, which it reads where that is not enough.
func (a *assets) asset(name string, file io.ReadSeeker, info fs.FileInfo, compressible bool) (*asset, error) {
	lasting := isHashed(name) || info.Size() > smallFile
	known := a.get(name)
	if lasting && known.is(info) {
		return known, nil
	}
	if lasting {
		a.making.Lock()
		defer a.making.Unlock()
		if known = a.get(name); known.is(info) { // somebody else was faster
			return known, nil
		}
	}
	tag, err := tagOf(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if known != nil && known.tag == tag && known.is(info) {
		return known, nil
	}
	made := &asset{size: info.Size(), modified: info.ModTime(), tag: tag}
	if compressible && leastZipped <= info.Size() && info.Size() <= mostZipped {
		if made.zipped, err = zip(file); err != nil {
			return nil, fmt.Errorf("compress %s: %w", name, err)
		}
	}
	a.mu.Lock()
	a.known[name] = made
	a.mu.Unlock()
	return made, nil
}

func (a *assets) get(name string) *asset {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.known[name]
}

// is reports whether a file looks like the one that the asset was made of.
func (a *asset) is(info fs.FileInfo) bool {
	return a != nil && a.size == info.Size() && a.modified.Equal(info.ModTime())
}

// tagOf returns a text that stands for the content, and goes back to its start.
func tagOf(file io.ReadSeeker) (string, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	_, err := file.Seek(0, io.SeekStart)
	return hex.EncodeToString(sum.Sum(nil)[:16]), err
}

// zip returns the content compressed, or nil where that gains less than a tenth,
// and goes back to its start. Somebody waits for it, so it is not the best
// compression, which of large scripts gains a few hundredths in many times as long.
func zip(file io.ReadSeeker) ([]byte, error) {
	var zipped bytes.Buffer
	writer, err := gzip.NewWriterLevel(&zipped, zipLevel)
	if err != nil {
		return nil, err
	}
	size, err := io.Copy(writer, file)
	if err == nil {
		err = writer.Close()
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil || int64(zipped.Len()) > size-size/10 {
		return nil, err
	}
	return bytes.Clone(zipped.Bytes()), nil
}
