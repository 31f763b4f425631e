// Package texts says what went wrong in the language of who asked.
//
// Services know no language: their errors carry English texts, which are the
// keys of one catalogue per language (fr.json, nl.json, de.json). A key may have
// places, {0} and {1}, for what differs from error to error. What has no
// translation stays English: names of types and reasons of libraries, the
// messages of closed schemas, and what only the author of a client can have
// caused (CSRF, malformed JSON, tokens).
//
// Tests read the source of the services, so that no text for people is without
// its translations.
package texts
