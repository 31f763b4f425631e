// Package report prints figures as plain text: tables, and goals with whether
// they hold.
package report
