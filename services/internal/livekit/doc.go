// Package livekit speaks to LiveKit's server API. It is the only importer of
// LiveKit's SDK, so that the services name what they need of LiveKit in their
// own words and can be tested without it.
//
// Invariants:
//
//   - A room that LiveKit does not have is one in which nobody is. That is the
//     normal state of a meeting room and no error.
//
//   - Calls end with their context, and no later than callTimeout.
//
//     rooms.go         Rooms: what is said to the people in a room
//     people.go        who is in a room
//     rules.go         Rules: where callers with a PIN go
//     participants.go  what is done to one of them
//     events.go        Events: what LiveKit tells by webhook
//     calls.go         what a participant tells of its telephone call
package livekit
