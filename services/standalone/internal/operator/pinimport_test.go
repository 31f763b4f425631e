package operator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
)

func TestReadPINs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, want string }{
		"nothing":            {" \n", "[]"},
		"CSV with no header": {"r1,0001\nr2, 0002,FR\n", "[{1 r1 0001} {2 r2 0002}]"},
		"CSV of an export":   {"id,slug,pin_code\nr1,abc,0001\nr2,def,\n\nr3,ghi,0003\n", "[{2 r1 0001} {5 r3 0003}]"},
		"columns swapped":    {"\xef\xbb\xbfPIN,country,Room_ID\n0001,FR,r1\n0002\n", "[{2 r1 0001} {3  0002}]"},
		"JSON objects":       {` [{"id":"r1","slug":"abc","pin_code":"0001"},{"id":"r2","pin_code":null}]`, "[{1 r1 0001}]"},
		"Django's dump": {`[{"model":"core.user","pk":7,"fields":{"pin_code":1}},
			{"model":"core.room","pk":"r1","fields":{"name":"A","slug":"abc","pin_code":"0001"}}]`, "[{2 r1 0001}]"},
	} {
		lines, err := readPINs(strings.NewReader(c.file))
		if got := fmt.Sprint(lines); err != nil || got != c.want {
			t.Errorf("%s: %s %v, want %s", name, got, err, c.want)
		}
	}
	for name, file := range map[string]string{
		"a number": `[{"id":"r1","pin_code":1}]`, "cut off": `[{"id":"r1"`, "a quote": "r1,\"0001\nr2,0002", "a binary": "[\x00",
	} {
		if lines, err := readPINs(strings.NewReader(file)); err == nil {
			t.Errorf("%s: read as %v", name, lines)
		}
	}
}

// trunkBook answers imports as it is told, and notes what it was asked.
type trunkBook struct {
	telephonyv1.TrunkServiceClient
	asked   []int
	outcome telephonyv1.ImportOutcome
	failAt  int
}

func (b *trunkBook) ImportPins(_ context.Context, req *telephonyv1.ImportPinsRequest, _ ...grpc.CallOption) (*telephonyv1.ImportPinsResponse, error) {
	b.asked = append(b.asked, len(req.GetPins()))
	if len(b.asked) == b.failAt {
		return nil, errors.New("down")
	}
	answer := &telephonyv1.ImportPinsResponse{}
	for range req.GetPins() {
		answer.Outcomes = append(answer.Outcomes, b.outcome)
	}
	return answer, nil
}

func TestImportPINs(t *testing.T) {
	t.Parallel()
	lines := make([]pinLine, 0, importBatch+1)
	for i := range importBatch + 1 {
		lines = append(lines, pinLine{i + 1, fmt.Sprint("Room", i), fmt.Sprintf("1%05d", i)})
	}
	doubles := append(lines[:1:1], pinLine{2, "room0", "99999"}, pinLine{3, "other", "100000"})
	for name, c := range map[string]struct {
		lines   []pinLine
		outcome telephonyv1.ImportOutcome
		failAt  int
		asked   string
		last    string
		err     string
	}{
		"batches":   {lines, 1, 0, "[500 1]", "501 imported, 0 present already, 0 taken, 0 duplicate, 0 malformed", ""},
		"again":     {lines, 2, 0, "[500 1]", "0 imported, 501 present already, 0 taken, 0 duplicate, 0 malformed", ""},
		"taken":     {lines[:2], 3, 0, "[2]", "0 imported, 0 present already, 2 taken, 0 duplicate, 0 malformed", "2 of 2 PINs were not imported"},
		"duplicate": {doubles, 1, 0, "[1]", "1 imported, 0 present already, 0 taken, 2 duplicate, 0 malformed", "2 of 3 PINs were not imported"},
		"broken":    {lines, 1, 2, "[500 1]", "500\tRoom499\timported", "stopped at line 501; import the file again to go on: down"},
		"nothing":   {nil, 1, 0, "[]", "0 imported, 0 present already, 0 taken, 0 duplicate, 0 malformed", ""},
	} {
		out, book := &bytes.Buffer{}, &trunkBook{outcome: c.outcome, failAt: c.failAt}
		err := importPINs(t.Context(), out, book, "ST_a", c.lines)
		told := strings.Split(strings.TrimSpace(out.String()), "\n")
		if fmt.Sprint(book.asked) != c.asked || told[len(told)-1] != c.last || (err == nil) != (c.err == "") || (err != nil && err.Error() != c.err) {
			t.Errorf("%s: asked %v, last %q, error %v", name, book.asked, told[len(told)-1], err)
		}
		if strings.Contains(out.String(), "100000") {
			t.Errorf("%s: a PIN is written", name)
		}
	}
}
