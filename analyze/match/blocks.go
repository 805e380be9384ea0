package match

// blocks are the terms in the form in which the scanner reads them, as a row of numbers. Terms with
// the same symbols are found together. They are stored together, the last in the list first,
// because with a hundred thousand terms every jump to another place waits for the memory.
//
// next    where the block of the longest shorter term begins that ends in the same place, or 0
// length  number of characters of each term
// count   number of terms
// then, for each term, its index and its characters
type blocks []int32

const blockHeader = 3

// at returns what the block at head holds: where the next begins, the length of its terms, and each
// term's index and characters.
func (b blocks) at(head int32) (next int32, length int, rows []int32) {
	length = int(b[head+1])
	return b[head], length, b[head+blockHeader:][:int(b[head+2])*(1+length)]
}

// newBlocks lays out terms. patternOf has the number of each term's symbols, and count is how many
// such numbers there are. heads says where the block of each number begins.
func newBlocks(terms [][]rune, patternOf []int32, count int) (b blocks, heads []int32) {
	heads = make([]int32, count)
	for i, p := range patternOf {
		heads[p] += int32(1 + len(terms[i]))
	}
	size := int32(1) // 0 stands for no block
	for p, rows := range heads {
		heads[p] = size
		size += blockHeader + rows
	}
	b = make(blocks, size)
	for i := len(terms) - 1; i >= 0; i-- {
		header := b[heads[patternOf[i]]:][:blockHeader]
		row := b[int(heads[patternOf[i]])+blockHeader+int(header[2])*(1+len(terms[i])):][:1+len(terms[i])]
		row[0] = int32(i)
		copy(row[1:], terms[i])
		header[1], header[2] = int32(len(terms[i])), header[2]+1
	}
	return b, heads
}

// link tells each block which one follows it.
func (b blocks) link(a *automaton) {
	for state, head := range a.heads {
		if head != 0 {
			b[head] = a.links[a.links[state].fail].out
		}
	}
	a.heads = nil
}
