//! Moments, shown in the reader's time zone.

use super::Text;
use crate::wire::Timestamp;

macro_rules! formats {
    ($($name:ident $word:literal)+) => {
        /// How a moment is shown: the portal's formats by name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum MomentFormat {
            $(
                #[doc = concat!("`", $word, "`")]
                $name,
            )+
        }

        impl MomentFormat {
            /// Every format.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// As it is sent.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

formats! {
    Date "FORMAT_DATE"
    DateTime "FORMAT_DATETIME"
    ShortDate "SHORT_DATE_FORMAT"
    MediumDate "MEDIUM_DATE_FORMAT"
    LongDate "LONG_DATE_FORMAT"
    DayMonth "DAY_MONTH_FORMAT"
    DayShortMonth "DAY_SHORT_MONTH_FORMAT"
    ShortWeekdayMonth "SHORT_DAY_OF_WEEK_MONTH_FORMAT"
    ShortWeekdayShortMonth "SHORT_DAY_OF_WEEK_SHORT_MONTH_FORMAT"
    WeekdayMonth "DAY_OF_WEEK_MONTH_FORMAT"
    FullDate "FULL_DATE_FORMAT"
    ShortTime "SHORT_TIME_FORMAT"
    LongTime "LONG_TIME_FORMAT"
}

impl Text {
    /// Adds a moment, which everyone sees in their own time zone and language.
    pub fn moment(self, moment: Timestamp, format: MomentFormat) -> Self {
        self.push(&format!("[timestamp={} format={}]", moment.seconds(), format.as_str()))
    }
}
