// Package rpc serves parley.token.v1 over the domain of tokens.
package rpc
