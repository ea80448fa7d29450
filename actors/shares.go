package actors

import "slices"

// How the messages of a group are shared out among its slots.

// FullShare is the weight of a worker that is not overloaded.
const FullShare = 4

// EvenShares are the weights of a group of that size in which all get the same.
func EvenShares(size int) []int {
	weights := make([]int, size)
	for i := range weights {
		weights[i] = FullShare
	}
	return weights
}

// Turns returns indices of weights in an order in which each comes as often as
// its weight says, and as evenly spread as can be: all once, in order, where all
// weights are equal. No weight is below 1.
func Turns(weights []int) []int {
	turns := make([]int, 0, len(weights))
	if len(weights) == 0 {
		return turns
	}
	unit := slices.Max(weights)
	if slices.Min(weights) == unit {
		unit = 1
	}
	credit := make([]int, len(weights))
	for range unit {
		for i, w := range weights {
			if credit[i] += min(w, unit); credit[i] >= unit {
				credit[i] -= unit
				turns = append(turns, i)
			}
		}
	}
	return turns
}
