package api

// HealthHeader is set only by /healthz. By it "qianshao health" tells our server from another program
// that listens on its address. Its value is HealthOK, or the part that does not answer.
const HealthHeader = "Qianshao-Health"

// The values of HealthHeader.
const (
	HealthOK    = "ok"
	HealthStore = "store"
	HealthIndex = "index"
)
