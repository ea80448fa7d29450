//go:build race

package transport

// raceEnabled: the detector slows tests down and makes pools forget.
const raceEnabled = true
