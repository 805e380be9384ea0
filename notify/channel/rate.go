package channel

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/qianshao/qianshao/notify"
)

// perMinute is how many messages a minute a robot accepts. DingTalk blocks a robot that gets more for ten
// minutes, so we do not wait for its refusal.
func perMinute(k notify.Kind) int {
	switch k {
	case notify.DingTalk:
		return 20 // https://open.dingtalk.com/document/orgapp/custom-robot-access
	case notify.WeCom:
		return 20 // https://developer.work.weixin.qq.com/document/path/91770
	case notify.Feishu:
		return 100 // https://open.feishu.cn/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN; more than 5 a second are refused with 11232
	}
	return 0
}

// rates records when messages were sent in the last minute, by address.
type rates struct {
	mu   sync.Mutex
	sent map[string][]time.Time
}

// take counts a message, or returns an error if the robot has had its share of the minute.
func (r *rates) take(c *notify.Channel, now time.Time) error {
	most := perMinute(c.Kind)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sent == nil {
		r.sent = map[string][]time.Time{}
	}
	for address, times := range r.sent {
		// Times in the future, from before the clock was set back, are removed as well.
		times = slices.DeleteFunc(times, func(t time.Time) bool { return now.Sub(t) >= time.Minute || t.After(now) })
		if r.sent[address] = times; len(times) == 0 {
			delete(r.sent, address)
		}
	}
	times := r.sent[c.Address]
	if len(times) >= most {
		return &notify.SendError{
			Text: fmt.Sprintf("the robot takes %d messages a minute; this one waits", most), Fault: notify.NewFault(notify.FaultBusy, most),
			After: times[0].Add(time.Minute).Sub(now),
		}
	}
	r.sent[c.Address] = append(times, now)
	return nil
}
