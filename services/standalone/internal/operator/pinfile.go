package operator

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
)

// pinLine is a PIN in a file of PINs.
type pinLine struct {
	// where is the line of a CSV file, or the place of a JSON object from 1.
	where     int
	room, pin string
}

// duplicate is the outcome of a line whose room or PIN an earlier one has.
const duplicate = "duplicate"

// readPINs reads a file of PINs in any of the forms in which they come: CSV,
// with or without a header, or JSON, as a list of objects or as Django dumps
// them. Rooms without a PIN are left out.
func readPINs(r io.Reader) ([]pinLine, error) {
	text := bufio.NewReader(r)
	if bom, err := text.Peek(3); err == nil && bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		_, _ = text.Discard(3) // they are there
	}
	for {
		c, _, err := text.ReadRune()
		switch {
		case errors.Is(err, io.EOF):
			return nil, nil
		case err != nil:
			return nil, err
		case unicode.IsSpace(c):
			continue
		}
		if err := text.UnreadRune(); err != nil {
			return nil, err
		}
		if c == '[' {
			return readJSON(text)
		}
		return readCSV(text)
	}
}

// exported is a room in JSON: as a plain object, or as one of Django's fixtures,
// where the id is the key and the rest are fields.
type exported struct {
	Model  string     `json:"model"`
	Key    string     `json:"pk"`
	ID     string     `json:"id"`
	PIN    string     `json:"pin_code"`
	Fields *roomEntry `json:"fields"`
}

type roomEntry struct {
	PIN string `json:"pin_code"`
}

func readJSON(r io.Reader) ([]pinLine, error) {
	var list []json.RawMessage
	if err := json.NewDecoder(r).Decode(&list); err != nil {
		return nil, fmt.Errorf("not a list of rooms in JSON: %w", err)
	}
	var lines []pinLine
	for i, raw := range list {
		var kind struct {
			Model string `json:"model"`
		}
		// Other models have keys of other types.
		if err := json.Unmarshal(raw, &kind); err != nil || (kind.Model != "" && kind.Model != "core.room") {
			continue
		}
		var room exported
		if err := json.Unmarshal(raw, &room); err != nil {
			return nil, fmt.Errorf("object %d: %w; a PIN is a string, or it loses its leading zeros", i+1, err)
		}
		line := pinLine{where: i + 1, room: room.ID, pin: room.PIN}
		if room.Fields != nil {
			line.room, line.pin = room.Key, room.Fields.PIN
		}
		if line.pin != "" {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// The names that columns may have.
func roomColumns() []string { return []string{"room_id", "id", "room"} }
func pinColumns() []string  { return []string{"pin", "pin_code"} }

func readCSV(r io.Reader) ([]pinLine, error) {
	reader := csv.NewReader(r)
	reader.FieldsPerRecord, reader.TrimLeadingSpace = -1, true
	var lines []pinLine
	room, pin := 0, 1
	for first := true; ; first = false {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, fmt.Errorf("not a CSV file: %w", err)
		}
		if first {
			header, p := column(record, roomColumns()), column(record, pinColumns())
			if header >= 0 && p >= 0 {
				room, pin = header, p
				continue
			}
		}
		where, _ := reader.FieldPos(0)
		line := pinLine{where: where}
		if room < len(record) {
			line.room = strings.TrimSpace(record[room])
		}
		if pin < len(record) {
			line.pin = strings.TrimSpace(record[pin])
		}
		if line.pin != "" {
			lines = append(lines, line)
		}
	}
}

func column(header, names []string) int {
	return slices.IndexFunc(header, func(title string) bool {
		return slices.Contains(names, strings.ToLower(strings.TrimSpace(title)))
	})
}

// withoutDuplicates takes out lines whose room or PIN an earlier one has: of two PINs for
// a room nobody could say which is meant.
func withoutDuplicates(lines []pinLine) (once, again []pinLine) {
	rooms, pins := map[string]bool{}, map[string]bool{}
	for _, line := range lines {
		room := strings.ToLower(line.room)
		if rooms[room] || pins[line.pin] {
			again = append(again, line)
			continue
		}
		rooms[room], pins[line.pin] = true, true
		once = append(once, line)
	}
	return once, again
}

func importMessages(lines []pinLine) []*telephonyv1.ImportedPin {
	messages := make([]*telephonyv1.ImportedPin, len(lines))
	for i, line := range lines {
		messages[i] = &telephonyv1.ImportedPin{RoomId: bounded(line.room), Pin: bounded(line.pin)}
	}
	return messages
}

// bounded cuts what is malformed anyway to a length that the server looks at.
func bounded(text string) string {
	const most = 60
	text = strings.ToValidUTF8(text, "?")
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "")
	}
	return text
}
