package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

func TestParseDefaults(t *testing.T) {
	got, err := parse(nil)
	want := options{workers: 4, kills: 4, top: 5, verify: true, log: zerolog.Disabled}
	if err != nil || got != want {
		t.Errorf("parse() = %+v, %v, want %+v", got, err, want)
	}
}

func TestParseTakesFlagsThenADirectory(t *testing.T) {
	got, err := parse(strings.Fields("-workers 2 -kills 20 -verify=false -top 3 -json -serve :0 -log warn some/dir"))
	want := options{dir: "some/dir", workers: 2, kills: 20, top: 3, json: true, serve: ":0", log: zerolog.WarnLevel}
	if err != nil || got != want {
		t.Errorf("parse() = %+v, %v, want %+v", got, err, want)
	}
}

func TestParseKillsNobodyWhereThereAreNoWorkers(t *testing.T) {
	if got, err := parse([]string{"-workers", "0"}); err != nil || got.kills != 0 {
		t.Errorf("parse() = %+v, %v", got, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, args := range []string{
		"-workers -1", "-workers 1001", "-workers x", "-kills -1", "-top -1", "-log loud", "-log=", "-nope", "dir -json", "a b",
		"-serve x", "-serve 127.0.0.1", "-serve :http", "-serve :65536", "-serve :-1", "-workers 0 -serve :0",
	} {
		var help errHelp
		if _, err := parse(strings.Fields(args)); err == nil || errors.As(err, &help) {
			t.Errorf("parse(%s) = %v, want a usage error", args, err)
		}
	}
}

func TestHelpNamesEveryFlagAndExitCode(t *testing.T) {
	_, err := parse([]string{"-h"})
	var help errHelp
	if !errors.As(err, &help) {
		t.Fatalf("parse(-h) = %v", err)
	}
	for _, want := range []string{"-workers N", "-kills K", "-verify", "-top N", "-json", "-log LEVEL", "-serve ADDR", "/count?word=W", "/top?n=N", "/reindex?file=F", "$GOROOT/src", "130"} {
		if !strings.Contains(help.usage, want) {
			t.Errorf("the usage does not say %s:\n%s", want, help.usage)
		}
	}
}
