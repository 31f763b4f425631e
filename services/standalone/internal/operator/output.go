package operator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// row is a line of a table.
type row []string

// print writes the message as JSON, or the table that stands for it.
func (c *Connection) print(w io.Writer, message proto.Message, header row, rows []row) error {
	if c.asJSON {
		return printJSON(w, message)
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, "none")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, line := range append([]row{header}, rows...) {
		if _, err := fmt.Fprintln(table, strings.Join(line, "\t")); err != nil {
			return err
		}
	}
	return table.Flush()
}

func printJSON(w io.Writer, message proto.Message) error {
	raw, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
	if err != nil {
		return err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, raw, "", "  "); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, indented.String())
	return err
}

// word turns an enum's name into what people read: PREFIX_TOLL_FREE -> toll-free.
func word(name, prefix string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, prefix), "_", "-"))
}

// enum finds the value of an enum by such a word.
func enum(values map[string]int32, prefix, given string) (int32, error) {
	name := prefix + strings.ToUpper(strings.ReplaceAll(given, "-", "_"))
	if value, ok := values[name]; ok && value != 0 {
		return value, nil
	}
	var known []string
	for candidate, value := range values {
		if value != 0 {
			known = append(known, word(candidate, prefix))
		}
	}
	return 0, fmt.Errorf("%q is not one of: %s", given, strings.Join(sorted(known), ", "))
}

func when(t *timestamppb.Timestamp) string {
	if t == nil {
		return "-"
	}
	return t.AsTime().Local().Format(time.DateTime)
}

// dash shows that there is nothing.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
