cd /tmp/lang13/ev || exit 1
for f in "$@"; do
timeout 30 $PY $f > o.exp 2>e.exp; a=$?; timeout 60 $APY $f > o.got 2>e.got; b=$?
if cmp -s o.exp o.got && [ $a = $b ]; then echo "$f same ($a)"; else echo "== $f $a $b"; diff o.exp o.got | head -${N:-16}; head -12 e.exp; head -5 e.got; fi
done
