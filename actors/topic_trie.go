package actors

import "strings"

// topicNode is a node of the trie of patterns with wildcards, a word an edge. The
// wildcards are edges like others: no topic has such a word. Every node but the
// root leads to a pattern.
type topicNode struct {
	parent *topicNode
	word   string // that leads here from parent
	next   elastic[string, *topicNode]
	at     *subscribed // the pattern that ends here, or nil
}

func (n *topicNode) find(pattern string) *subscribed {
	for word := range strings.SplitSeq(pattern, ".") {
		next, ok := n.next.get(word)
		if !ok {
			return nil
		}
		n = next
	}
	return n.at
}

func (n *topicNode) insert(at *subscribed) {
	for word := range strings.SplitSeq(at.pattern, ".") {
		next, ok := n.next.get(word)
		if !ok {
			word = strings.Clone(word) // the node may outlive this pattern
			next = &topicNode{parent: n, word: word}
			n.next.set(word, next)
		}
		n = next
	}
	n.at, at.node = at, n
}

// clear takes the pattern out of n, and every node that leads nowhere now.
func (n *topicNode) clear() {
	n.at = nil
	for n.parent != nil && n.at == nil && n.next.len() == 0 {
		n.parent.next.delete(n.word)
		n = n.parent
	}
}

// match takes every pattern below n that matches rest. It goes no deeper than
// maxTopicWords, and to no more than two nodes from each.
func (n *topicNode) match(rest string, into *matches) {
	if n.next.len() == 0 {
		return
	}
	if next, ok := n.next.get(anyWords); ok && next.at != nil {
		into.take(next.at)
	}
	word, rest, more := strings.Cut(rest, ".")
	if next, ok := n.next.get(word); ok {
		next.step(rest, more, into)
	}
	if next, ok := n.next.get(anyWord); ok {
		next.step(rest, more, into)
	}
}

func (n *topicNode) step(rest string, more bool, into *matches) {
	if more {
		n.match(rest, into)
	} else if n.at != nil {
		into.take(n.at)
	}
}
