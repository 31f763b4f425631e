package apierr

import (
	"errors"
	"fmt"
	"strings"
	"time"

	commonv1 "github.com/parleymeet/parley/gen/parley/common/v1"
)

// Reason is why a call failed.
type Reason = commonv1.ErrorReason

// Violation is one wrong field of a request.
type Violation struct {
	// Field is the dotted path of the field, e.g. "configuration.can_publish_sources.0".
	Field string
	// Code is a short machine word for what is wrong, e.g. "required". May be empty.
	Code string
	// Text says in a sentence what is wrong.
	Text string
}

// Error is a failure with a reason. The zero value is not useful; use the constructors.
type Error struct {
	Reason Reason
	// Text is for the caller; the table's text when empty.
	Text string
	// Violations are the wrong fields, for INVALID_FIELDS.
	Violations []Violation
	// RetryAfter is how long the caller should wait; 0 when unknown.
	RetryAfter time.Duration
	// RequestID finds the call in the logs; set by the server.
	RequestID string
	// Cause never leaves the process; it is for the log.
	Cause error
}

// New returns an error with a reason and, unless format is empty, a text of its own.
func New(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Text: fmt.Sprintf(format, args...)}
}

// Wrap returns an error with a reason and the cause that the log should show.
func Wrap(reason Reason, cause error) *Error {
	return &Error{Reason: reason, Cause: cause}
}

// maxViolations is how many wrong fields an error names. A body of a megabyte can
// have a hundred thousand, and each is sent, logged and shaped into the answer.
const maxViolations = 100

// Invalid returns INVALID_FIELDS with the wrong fields, the first hundred of them.
func Invalid(violations ...Violation) *Error {
	return &Error{Reason: InvalidFields, Violations: violations[:min(len(violations), maxViolations)]}
}

// InvalidField returns INVALID_FIELDS for a single field.
func InvalidField(field, code, format string, args ...any) *Error {
	return Invalid(Violation{Field: field, Code: code, Text: fmt.Sprintf(format, args...)})
}

// Error returns the text, the wrong fields and the cause: it is for logs, which
// have no place for all that a client may write into the names of fields.
func (e *Error) Error() string {
	text := e.Text
	if text == "" {
		text = rowOf(e.Reason).Text
	}
	var b strings.Builder
	b.WriteString(text)
	for i, v := range e.Violations {
		if i == loggedViolations {
			fmt.Fprintf(&b, " and %d more", len(e.Violations)-i)
			break
		}
		fmt.Fprintf(&b, " [%s: %s]", beginning(v.Field), beginning(v.Text))
	}
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	return b.String()
}

const (
	// loggedViolations is how many wrong fields a log shows, loggedText how many
	// bytes of the name and of the text of each.
	loggedViolations, loggedText = 5, 120
)

// beginning returns as much of a text as a log shows.
func beginning(text string) string {
	if len(text) <= loggedText {
		return text
	}
	return strings.ToValidUTF8(text[:loggedText], "") + "..."
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors.Is(err, apierr.New(reason, "")) compare reasons.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Reason == e.Reason
}

// ReasonOf returns the reason of err: INTERNAL when it has none of its own,
// unspecified when err is nil.
func ReasonOf(err error) Reason {
	if err == nil {
		return commonv1.ErrorReason_ERROR_REASON_UNSPECIFIED
	}
	return From(err).Reason
}

// Has reports whether err failed for that reason.
func Has(err error, reason Reason) bool {
	return err != nil && ReasonOf(err) == reason
}
