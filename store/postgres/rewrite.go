package postgres

import "context"

// Rewrite implements database.Engine. VACUUM FULL writes each table into a new file and removes
// the old one; a plain VACUUM would leave the bytes of deleted rows in their pages. The server's
// log still has them until its files are used anew; see docs/operations.md.
func (s *server) Rewrite(ctx context.Context) (done bool, err error) {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return false, s.Fail("write anew", err)
	}
	defer conn.Close()
	var marked bool
	if err := conn.QueryRowContext(ctx, `SELECT marked <> 0 FROM forgotten`).Scan(&marked); err != nil || !marked {
		return false, s.Fail("read the marks of", err)
	}
	// The mark goes first: what is deleted meanwhile sets it again.
	for _, statement := range []string{`UPDATE forgotten SET marked = 0`, `VACUUM (FULL, ANALYZE)`} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			_, undone := conn.ExecContext(context.WithoutCancel(ctx), `UPDATE forgotten SET marked = 1`)
			_ = undone // the next start finds it or not; what failed is told
			return false, s.Fail("write anew", err)
		}
	}
	return true, nil
}
