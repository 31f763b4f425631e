// Package roomconfig knows the closed schema of a room's configuration, which
// two services keep: room for its rooms, auth as the default of a person.
//
// The schema has two keys, can_publish_sources and everyone_can_mute. Values
// are checked and never changed: "yes" is a good value for a boolean and is
// kept as it was sent. Faults have the codes and texts that pydantic gives
// them, since the REST contract does.
package roomconfig
