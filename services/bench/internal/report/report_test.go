package report

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	r := &Report{Out: &out}
	r.Table([]string{"", "p50"}, []string{"peer", Time(1500 * time.Microsecond)}, []string{"réponse", Time(12 * time.Millisecond)})
	r.Goal("at most 2x", Times(1.5), true)
	r.Goal("at most 2x", Times(2.5), false)
	want := "" +
		"                p50\n" +
		"  peer      1.50 ms\n" +
		"  réponse  12.00 ms\n" +
		"  goal: at most 2x; now 1.50x: holds\n" +
		"  goal: at most 2x; now 2.50x: MISSED\n"
	if out.String() != want || r.Err() != nil {
		t.Errorf("got\n%swant\n%s(%v)", out.String(), want, r.Err())
	}
}

func TestWriteErrorIsKept(t *testing.T) {
	t.Parallel()
	read, write := io.Pipe()
	fault := errors.New("disk full")
	_ = read.CloseWithError(fault)
	r := &Report{Out: write}
	r.Linef("one")
	r.Linef("two")
	if !errors.Is(r.Err(), fault) {
		t.Errorf("got %v", r.Err())
	}
}
