// Package openapi holds the OpenAPI description of the REST facade, generated
// from proto/parley/frontend.
package openapi

import _ "embed"

// JSON is the description, OpenAPI 2.0.
//
//go:embed parley.swagger.json
var JSON []byte
