package osproc
