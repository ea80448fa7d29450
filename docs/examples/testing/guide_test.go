package shop_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// What docs/testing.md shows is what is compiled and run here.
func TestTheGuideShowsThisCode(t *testing.T) {
	guide, err := os.ReadFile("../../testing.md")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile("shop_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := goBlock.FindAllStringSubmatch(string(guide), -1)
	if len(blocks) < 8 {
		t.Errorf("the guide has %d blocks of code", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(string(code), block[1]) {
			t.Errorf("not in shop_test.go:\n%s", block[1])
		}
	}
}
