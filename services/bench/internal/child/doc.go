// Package child runs the processes that a figure needs. A child ends when it is
// stopped, when its context ends and, on Linux, when this program ends in
// whatever way.
package child
