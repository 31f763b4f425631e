// Package batch does together what is asked for at the same time, where doing
// many things costs little more than doing one: a statement with many rows, a
// transaction with many writes.
//
// Who asks alone waits for nobody. While a batch runs, the next one gathers; it
// begins when as many have come as were in the one before, and after a few
// milliseconds at the latest. So batches grow with the load and shrink with it.
//
//	batch.go  Batcher
package batch
