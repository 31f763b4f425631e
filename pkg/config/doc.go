// Package config reads a process's settings from the environment.
//
// Each service has one struct with `env` tags (see github.com/caarlos0/env) and
// a Validate method. [Load] fills it, reads secrets from files where NAME_FILE
// is set instead of NAME, and reports every fault at once, so that an operator
// mends a configuration in one go. A [Secret] never prints itself.
package config
