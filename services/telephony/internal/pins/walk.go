package pins

// A walk tries more and more PINs at once: few at first, which nearly always
// suffices for a namespace that is merely crowded, then so many that a full one
// of a million is passed in some hundreds of statements.
const (
	shortestStep = 64
	longestStep  = 4096
)

// walk goes once through all PINs of a length, from one of them on and around
// the end. Each creator begins at a random point, so that those who search a
// nearly full namespace at once do not all want the same PIN.
type walk struct {
	length      int
	point, left int64
	step        int
}

func newWalk(length int, start int64) *walk {
	return &walk{length: length, point: start, left: capacity(length), step: shortestStep}
}

// ahead returns the next PINs; none when all have been passed.
func (w *walk) ahead() []string {
	next := make([]int64, min(int64(w.step), w.left))
	for i := range next {
		next[i] = (w.point + int64(i)) % capacity(w.length)
	}
	return padded(next, w.length)
}

// pass leaves so many of the PINs ahead behind. After a whole step the next is longer.
func (w *walk) pass(count int) {
	w.point = (w.point + int64(count)) % capacity(w.length)
	w.left -= int64(count)
	if count == w.step {
		w.step = min(2*w.step, longestStep)
	}
}
