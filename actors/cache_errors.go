package actors

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrNotDropped: a worker did not drop in time what a cache had invalidated, and
// was killed before it could give out what is out of date. It is in the chain of
// its [ExitError].
var ErrNotDropped = errors.New("troupe: did not drop in time what a cache invalidated, killed")

// CacheError reports what cannot be done with a cache, and so was not. It
// crosses processes as itself.
type CacheError struct {
	Cache string // its name
	Text  string // what is wrong
}

func (e *CacheError) Error() string { return fmt.Sprintf("troupe: cache %q: %s", e.Cache, e.Text) }

// CheckCacheName returns a *[CacheError] when name cannot name a cache: it has
// 1 to [MaxCacheName] bytes of UTF-8.
func CheckCacheName(name string) error {
	switch {
	case name == "":
		return &CacheError{Text: "has no name"}
	case !utf8.ValidString(name):
		return &CacheError{Cache: strings.ToValidUTF8(name[:min(len(name), MaxCacheName)], "?"), Text: "its name is not UTF-8"}
	case len(name) > MaxCacheName:
		return &CacheError{Cache: strings.ToValidUTF8(name[:MaxCacheName], "") + "…", Text: fmt.Sprintf("its name has %d bytes, want at most %d", len(name), MaxCacheName)}
	}
	return nil
}

// CheckCacheKeys returns a *[CacheError] when one message cannot name keys.
func CheckCacheKeys(cache string, keys []string) error {
	if err := CheckCacheName(cache); err != nil {
		return err
	}
	size := 0
	for _, key := range keys {
		size += len(key)
		if len(key) > MaxCacheKey {
			return &CacheError{Cache: cache, Text: fmt.Sprintf("a key has %d bytes, want at most %d", len(key), MaxCacheKey)}
		}
	}
	switch {
	case len(keys) == 0:
		return &CacheError{Cache: cache, Text: "no keys"}
	case len(keys) > MaxCacheKeys:
		return &CacheError{Cache: cache, Text: fmt.Sprintf("%d keys, want at most %d", len(keys), MaxCacheKeys)}
	case size > MaxCacheBatch:
		return &CacheError{Cache: cache, Text: fmt.Sprintf("keys of %d bytes, want at most %d", size, MaxCacheBatch)}
	}
	return nil
}

// CacheBatch returns how many of keys, at least one, the first message of an
// invalidation can name.
func CacheBatch(keys []string) (n int) {
	size := 0
	for n < min(len(keys), MaxCacheKeys) && (n == 0 || size+len(keys[n]) <= MaxCacheBatch) {
		size += len(keys[n])
		n++
	}
	return n
}
