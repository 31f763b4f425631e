// Package imports takes over PINs that rooms have elsewhere, so that people can
// go on dialling what is in their calendars.
//
// An imported PIN becomes the room's current one, and the one it had retires. A
// PIN that another room holds on the trunk, in any state, is refused. Each PIN
// is written whole or not at all, and again without effect, so an import that
// broke off is simply repeated.
package imports
