// Package transport carries frames between two processes.
package transport
