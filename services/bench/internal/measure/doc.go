// Package measure times requests of several kinds side by side.
//
// A machine that other work shares is fast in one second and slow in the next,
// so a figure means little by itself. Here every kind of request, the one under
// test and its bare peer, gets a short slice in turn, for several rounds: what
// disturbs the one disturbs the other, and the ratio of their medians stays.
//
//   - measure.go: Series, Plan, Run
//   - result.go: Result, quantiles and ratios
//   - beat.go: Beat, many who ask at set times
package measure
